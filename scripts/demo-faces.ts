/**
 * `node scripts/demo-faces.ts`: draws the faces of the demo's people again, in assets/demo-faces. They are made up of
 * a few shapes each, so they are nobody's.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'

const folder = 'assets/demo-faces'
const count = 24

const backgrounds = ['#dbeafe', '#dcfce7', '#fef3c7', '#fae8ff', '#ffe4e6', '#e0f2fe', '#ede9fe', '#ecfccb']
const skins = ['#f3d1b0', '#e8b98f', '#c98e63', '#a66a43', '#7f4b2d', '#5c3622']
const hairs = ['#1f1a17', '#3b2417', '#6b4226', '#a8743a', '#d9b26f', '#8a8a8a', '#7a2e1d']
const clothes = ['#334155', '#0f766e', '#9f1239', '#4338ca', '#b45309', '#166534', '#7e22ce', '#0369a1']

/** Each draws what is behind the head, and what is in front of it. */
const styles: ((color: string) => [behind: string, front: string])[] = [
  // Short.
  color => [
    '',
    `<path fill="${color}" d="M166 232c-6-86 40-124 92-124s96 38 90 124c-8-30-22-48-40-58-40 12-86 10-110-6-16 12-28 34-32 64z"/>`,
  ],
  // Long.
  color => [
    `<path fill="${color}" d="M150 250c-6-100 44-150 106-150s112 50 106 150c0 60 4 110 16 150H134c12-40 16-90 16-150z"/>`,
    `<path fill="${color}" d="M166 236c4-70 46-108 92-108s86 36 90 108c-20-44-58-66-92-66-36 0-70 22-90 66z"/>`,
  ],
  // A bun.
  color => [
    `<circle cx="256" cy="92" r="38" fill="${color}"/>`,
    `<path fill="${color}" d="M164 230c-2-82 40-122 92-122s94 40 92 122c-14-46-46-74-92-74s-78 28-92 74z"/>`,
  ],
  // Curls.
  color => [
    [
      [170, 170],
      [196, 128],
      [240, 104],
      [288, 108],
      [326, 136],
      [346, 178],
      [160, 216],
      [352, 222],
    ]
      .map(([x, y]) => `<circle cx="${x}" cy="${y}" r="36" fill="${color}"/>`)
      .join(''),
    `<path fill="${color}" d="M176 196c22-44 60-58 84-56 36 2 60 20 76 54-26-16-52-22-80-22s-58 8-80 24z"/>`,
  ],
  // A headscarf.
  color => [
    `<path fill="${color}" d="M140 260c-4-100 50-162 116-162s120 62 116 162c-2 60 8 100 34 152H106c26-52 36-92 34-152z"/>`,
    `<path fill="${color}" fill-rule="evenodd" d="M150 262c0-96 46-150 106-150s106 54 106 150c0 70-40 130-106 130S150 332 150 262zm30 0c0 56 32 104 76 104s76-48 76-104c0-62-32-104-76-104s-76 42-76 104z"/>`,
  ],
  // A parting.
  color => [
    '',
    `<path fill="${color}" d="M164 238c-10-92 42-134 96-132 54 0 94 44 88 132-8-34-26-66-60-82-20 34-74 40-124 82z"/>`,
  ],
]

await mkdir(folder, { recursive: true })
for (let i = 0; i < count; i++) {
  const picture = await sharp(Buffer.from(faceOf(i)))
    .resize(256, 256)
    .webp({ quality: 82 })
    .toBuffer()
  await writeFile(join(folder, `${String(i + 1).padStart(2, '0')}.webp`), picture)
}

function faceOf(i: number): string {
  const skin = pick(skins, i * 5 + 1)
  const hair = pick(hairs, i * 3)
  const style = i % styles.length
  const [behind, front] = styles[style]!(style === 4 ? pick(clothes, i * 3 + 2) : hair)
  const beard = style === 0 && i % 4 === 0
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">
    <rect width="512" height="512" fill="${pick(backgrounds, i * 3)}"/>
    ${behind}
    <path fill="${pick(clothes, i * 5 + 3)}" d="M72 512c6-98 70-142 184-142s178 44 184 142z"/>
    <path fill="${skin}" d="M214 330h84v52c0 24-20 42-42 42s-42-18-42-42z"/>
    <path fill="#000" opacity=".12" d="M214 340c26 22 58 22 84 0v18c-26 20-58 20-84 0z"/>
    <circle cx="166" cy="256" r="18" fill="${skin}"/><circle cx="346" cy="256" r="18" fill="${skin}"/>
    <ellipse cx="256" cy="246" rx="90" ry="112" fill="${skin}"/>
    ${beard ? `<path fill="${hair}" d="M168 262c4 76 44 104 88 104s84-28 88-104c-10 30-30 42-88 42s-78-12-88-42z"/>` : ''}
    <g fill="#1f1a17"><ellipse cx="222" cy="248" rx="8" ry="10"/><ellipse cx="290" cy="248" rx="8" ry="10"/></g>
    <g fill="none" stroke="${style === 4 ? '#3b2417' : hair}" stroke-width="7" stroke-linecap="round"><path d="M204 222q18-10 36-2M272 220q18-8 36 2"/></g>
    <path fill="none" stroke="#000" opacity=".25" stroke-width="6" stroke-linecap="round" d="M256 256q-8 22 2 28"/>
    <path fill="none" stroke="${beard ? '#fff' : '#8c3b30'}" stroke-width="8" stroke-linecap="round" d="M226 ${314 - (i % 3) * 3}q30 ${16 + (i % 3) * 6} 60 0"/>
    ${i % 5 === 2 ? '<g fill="none" stroke="#1f2937" stroke-width="6"><circle cx="222" cy="250" r="26"/><circle cx="290" cy="250" r="26"/><path d="M248 246h16"/></g>' : ''}
    ${front}
  </svg>`
}

function pick<Item>(items: readonly Item[], at: number): Item {
  return items[at % items.length]!
}
