/** From assets/before-hydration.js. */
interface EarlyWindow {
  __early?: { end(): { fields: Map<HTMLInputElement, string | boolean>; form?: HTMLFormElement } }
}

/** Gives the page what the user has typed, and the form that they have sent, before it was hydrated. */
export default defineNuxtPlugin(nuxtApp => {
  nuxtApp.hook('app:suspense:resolve', async () => {
    const page = globalThis as EarlyWindow
    const early = page.__early?.end()
    delete page.__early
    if (!early) return
    for (const [field, value] of early.fields) if (field.isConnected) enter(field, value)
    await nextTick()
    if (early.form?.isConnected) early.form.requestSubmit()
  })
})

function enter(field: HTMLInputElement, value: string | boolean) {
  if (typeof value === 'boolean') field.checked = value
  else field.value = value
  for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }))
}
