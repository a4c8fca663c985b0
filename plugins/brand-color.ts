/** As in assets/main.css: the page, and what is written on a button. */
const backgrounds = { light: '#ffffff', dark: '#09090b' } as const

/** The organisation's colour for buttons, links and focus, in shades that are readable in light and dark. */
export default defineNuxtPlugin(async () => {
  const branding = useBranding()
  // The browser takes the server's, and computes others only when the colour is changed.
  const shades = useState<string | null>('brand-shades', () => null)
  useHead(() => (shades.value ? { htmlAttrs: { 'data-brand': '', 'style': shades.value } } : {}))
  const color = () => branding.value?.brand_color
  const update = async () => (shades.value = await shadesOf(color()))
  watch(color, update)
  if (import.meta.server) await update()
})

async function shadesOf(color: string | null | undefined): Promise<string | null> {
  if (!color) return null
  const { accentOn } = await import('#shared/contrast')
  const [light, dark] = [accentOn(color, backgrounds.light), accentOn(color, backgrounds.dark)]
  return `--brand-light:${light};--brand-dark:${dark}`
}
