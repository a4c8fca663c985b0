import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const options = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  // What passes is not reported, which takes longer than the checks.
  resultTypes: ['violations'],
}

/**
 * Checks the current state of a page with axe-core. Open the page with `reducedMotion: 'reduce'`: a colour in
 * transition may lack contrast.
 * @returns violations of WCAG 2.2 AA and best practices, as `rule: element`, with details for contrasts
 */
export async function violationsOf(page: Page): Promise<string[]> {
  // Evaluated, because the page's policy would refuse an added script.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source)
  const violations = await page.evaluate(async options => {
    const { axe } = window as unknown as { axe: { run: (options: object) => Promise<AxeResults> } }
    return (await axe.run(options)).violations
  }, options)
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any }) =>
      [`${id}: ${target.join(' ')}`, ...(id === 'color-contrast' ? any.map(({ message }) => message) : [])].join(' '),
    ),
  )
}
