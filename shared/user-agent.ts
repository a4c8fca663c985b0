import type { Language } from './dates.ts'

/** A device's name for its owner: "Firefox on Windows". Only a hint, as clients can send any header. */
export function describeUserAgent(header: string | null, language: Language = 'en'): string {
  const { unknown, on } = words[language]
  if (!header) return unknown
  const browser = browsers.find(([, pattern]) => pattern.test(header))?.[0]
  const system = systems.find(([, pattern]) => pattern.test(header))?.[0]
  if (browser && system) return `${browser} ${on} ${system}`
  return browser ?? system ?? header.split(/[\s/(]/, 1)[0]?.slice(0, 40) ?? unknown
}

const words: Record<Language, { unknown: string; on: string }> = {
  en: { unknown: 'Unknown device', on: 'on' },
  ar: { unknown: 'جهاز غير معروف', on: 'على' },
}

// The order matters: most browsers also have the names of those that they imitate.
const browsers: readonly [string, RegExp][] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Headless)?(?:Chrome|CriOS|Chromium)\//],
  ['Safari', /\bVersion\/\S+ .*Safari\//],
]

const systems: readonly [string, RegExp][] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
]
