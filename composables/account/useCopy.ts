/** Copies a text. `copied` tells whether that worked, for the page to say so. */
export function useCopy() {
  const copied = ref<boolean>()

  async function copy(text: string): Promise<void> {
    // So that a second copy is announced too.
    copied.value = undefined
    await nextTick()
    copied.value = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    )
    copied.value ??= false
  }

  return { copied, copy }
}
