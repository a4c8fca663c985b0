/**
 * The more readable text colour on a background, by WCAG 2.2's contrast ratio: black or white always has at least 4.5
 * to 1.
 * @param color such as `#1d4ed8`
 */
export function readableOn(color: string): '#000000' | '#ffffff' {
  return contrastOf(color, '#ffffff') >= 4.5 ? '#ffffff' : '#000000'
}

/** @returns the contrast ratio of two colours, from 1 to 21 */
export function contrastOf(color: string, other: string): number {
  const [darker, lighter] = [luminance(color), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map(at => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Contrast for text on a page and on slightly coloured backgrounds; WCAG 2.2 requires 4.5 to 1. */
const accentContrast = 5.6

/**
 * The nearest shade of a colour that is readable on a background, as text and as the background of a button.
 * @param background white or nearly black
 */
export function accentOn(color: string, background: string): string {
  const target = luminance(background) > 0.5 ? 0 : 255
  for (let share = 0; share < 1; share += 0.05) {
    const shade = mixed(color, target, share)
    if (contrastOf(shade, background) >= accentContrast) return shade
  }
  return mixed(color, target, 1)
}

/** @param share of black (0) or white (255), from 0 to 1 */
function mixed(color: string, target: 0 | 255, share: number): string {
  const parts = [1, 3, 5].map(at => {
    const part = Number.parseInt(color.slice(at, at + 2), 16)
    return Math.round(part + (target - part) * share)
      .toString(16)
      .padStart(2, '0')
  })
  return `#${parts.join('')}`
}
