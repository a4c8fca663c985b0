/**
 * `npm run fonts`: makes the fonts in assets/fonts again, from those of the packages: the characters that
 * assets/fonts.css names for each file, in the weights and with the features that the interface uses.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import subsetFont from 'subset-font'
import { main } from '../run.ts'

const folder = 'assets/fonts'
const require = createRequire(import.meta.url)
const variationAxes = { wght: { min: 400, max: 700 } }
const latinFeatures = ['calt', 'ccmp', 'kern', 'locl', 'mark', 'mkmk', 'tnum']
const fonts = [
  { family: 'inter', part: 'latin', keepFeatures: latinFeatures },
  { family: 'inter', part: 'latin-ext', keepFeatures: latinFeatures },
  // Arabic letters need all features: they are joined.
  { family: 'vazirmatn', part: 'arabic' },
]

await main(async () => {
  const css = await readFile('assets/fonts.css', 'utf8')
  await mkdir(folder, { recursive: true })
  for (const { family, part, keepFeatures } of fonts) {
    const source = require.resolve(`@fontsource-variable/${family}/files/${family}-${part}-wght-normal.woff2`)
    const file = `${family}-${part}.woff2`
    const font = await subsetFont(await readFile(source), charactersOf(css, file), {
      targetFormat: 'woff2',
      variationAxes,
      keepFeatures,
    })
    await writeFile(`${folder}/${file}`, font)
    await copyFile(require.resolve(`@fontsource-variable/${family}/LICENSE`), `${folder}/${family}-LICENSE`)
    console.log(`${file}: ${font.length} bytes`)
  }
})

/** The characters of the file's unicode-range. */
function charactersOf(css: string, file: string): string {
  const rule = css.split('@font-face').find(text => text.includes(`/${file}'`))!
  const ranges = /unicode-range:([^;]+);/.exec(rule)![1]!
  return ranges
    .split(',')
    .map(range =>
      range
        .trim()
        .slice('U+'.length)
        .split('-')
        .map(digits => Number.parseInt(digits, 16)),
    )
    .flatMap(([first, last = first]) => Array.from({ length: last! - first! + 1 }, (_, i) => first! + i))
    .map(code => String.fromCodePoint(code))
    .join('')
}
