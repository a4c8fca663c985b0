import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/**
 * Looks at a page as axe-core does, at what it shows now: open it with `reducedMotion: 'reduce'`, as a colour that is
 * still changing may lack contrast.
 * @returns what breaks WCAG 2.2 AA or good practice, as `rule: element`, and for a contrast why
 */
export async function violationsOf(page: Page): Promise<string[]> {
  // Evaluated, not added as a script: the page's policy would refuse that.
  await page.evaluate(source)
  const { violations } = await page.evaluate(
    runOnly => (window as unknown as { axe: { run: (options: object) => Promise<AxeResults> } }).axe.run({ runOnly }),
    standards,
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any }) =>
      [`${id}: ${target.join(' ')}`, ...(id === 'color-contrast' ? any.map(({ message }) => message) : [])].join(' '),
    ),
  )
}
