import { useEventListener } from '@vueuse/core'

const colours = [
  { value: 'system', label: 'shell.colours.system', icon: 'icon-monitor' },
  { value: 'light', label: 'shell.colours.light', icon: 'icon-sun' },
  { value: 'dark', label: 'shell.colours.dark', icon: 'icon-moon' },
] as const

type Colours = 'system' | 'light' | 'dark'

// The name is that of a former version, so that choices stay.
const key = 'nuxt-color-mode'

/** The choice of colours: light, dark, or the system's. assets/before-hydration.js applies it. */
export function useColours() {
  // Only the browser knows it, after the first render.
  const chosen = ref<Colours>()
  const read = () => (chosen.value = storedColours())
  onMounted(read)
  useEventListener('storage', read)

  function setColours(value: Colours) {
    try {
      localStorage.setItem(key, value)
    } catch {
      return
    }
    // Other tabs get it from the browser.
    dispatchEvent(new Event('storage'))
  }

  return { colours, isChosen: (value: Colours) => chosen.value === value, setColours }
}

function storedColours(): Colours {
  try {
    return colours.find(({ value }) => value === localStorage.getItem(key))?.value ?? 'system'
  } catch {
    return 'system'
  }
}
