// Runs in the head of every page, before anything else. plugins/early-input.client.ts ends what is for hydration.

// zod would try to compile its schemas with eval, which the Content-Security-Policy blocks and reports. It reads this
// when a schema is made.
globalThis.__zod_globalConfig = { jitless: true }

// The colours, before anything is painted. composables/shell/useColours.ts stores the choice, and sends the event.
{
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const paint = () => {
    let chosen
    try {
      chosen = localStorage.getItem('nuxt-color-mode')
    } catch {
      // The browser lets pages store nothing.
    }
    const isDark = chosen === 'dark' || (chosen !== 'light' && dark.matches)
    document.documentElement.classList.toggle('dark', isDark)
  }
  paint()
  dark.addEventListener('change', paint)
  addEventListener('storage', paint)
}

// Vue empties the fields when it takes over the page, and forms do not work before that.
globalThis.__early = (() => {
  const fields = new Map()
  let form
  const type = ({ target }) => fields.set(target, target.type === 'checkbox' ? target.checked : target.value)
  const submit = event => {
    const { target } = event
    if (target.method !== 'post' || target.elements.namedItem('form')) return
    event.preventDefault()
    form = target
  }
  document.addEventListener('input', type, true)
  document.addEventListener('submit', submit, true)
  return {
    end() {
      document.removeEventListener('input', type, true)
      document.removeEventListener('submit', submit, true)
      return { fields, form }
    },
  }
})()
