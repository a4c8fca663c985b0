import { accentOn } from '#shared/contrast'

/** As in assets/main.css: the page, and what is written on a button. */
const backgrounds = { light: '#ffffff', dark: '#09090b' } as const

/** The organisation's colour for buttons, links and focus, in shades that are readable in light and dark. */
export default defineNuxtPlugin(() => {
  const branding = useBranding()
  const color = computed(() => branding.value?.brand_color)
  useHead(() => (color.value ? { htmlAttrs: { 'data-brand': '', 'style': shadesOf(color.value) } } : {}))
})

function shadesOf(color: string): string {
  const [light, dark] = [accentOn(color, backgrounds.light), accentOn(color, backgrounds.dark)]
  return `--brand-light:${light};--brand-dark:${dark}`
}
