const colours = [
  { value: 'system', label: 'shell.colours.system', icon: 'icon-monitor' },
  { value: 'light', label: 'shell.colours.light', icon: 'icon-sun' },
  { value: 'dark', label: 'shell.colours.dark', icon: 'icon-moon' },
]

/** The colour mode: light, dark, or the system's. */
export function useColours() {
  const mode = useColorMode()
  // The server does not know the preference, so the first render in the browser must not use it either.
  const isMounted = ref(false)
  onMounted(() => (isMounted.value = true))

  return {
    colours,
    isChosen: (value: string) => isMounted.value && mode.preference === value,
    setColours: (value: string) => {
      mode.preference = value
    },
  }
}
