import { useEventListener, useTimeoutFn } from '@vueuse/core'
import type { NavigationItem } from './useNavigation'

/**
 * The dashboard's keyboard shortcuts: Ctrl K or ⌘K, and single keys. Single keys are ignored while the user types,
 * and can be turned off (WCAG 2.1.4). components/shell/ShortcutList.vue lists them.
 */
export function useShortcuts(pages: Ref<NavigationItem[]>) {
  const { opened } = useOpenDialog()
  const { areSingleKeysOn } = useSingleKeys()
  /** Pending after `g`: the next key is a page's. */
  const going = useTimeoutFn(() => {}, 2_000, { immediate: false })

  useEventListener('keydown', (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return
    const key = keyOf(event)
    const handled =
      event.ctrlKey || event.metaKey || event.altKey
        ? isPaletteKey(event, key) && togglePalette(opened)
        : areSingleKeysOn.value && !isBusy(event) && pressSingle(key)
    if (handled) event.preventDefault()
  })

  /** @returns whether the key is a shortcut */
  function pressSingle(key: string): boolean {
    if (going.isPending.value) {
      going.stop()
      return goTo(pages.value.find(({ shortcut }) => shortcut === key))
    }
    if (key === '/') return focusSearch()
    if (key === 'g') going.start()
    else if (key === '?') opened.value = 'shortcuts'
    else return false
    return true
  }
}

function togglePalette(opened: ReturnType<typeof useOpenDialog>['opened']): boolean {
  if (opened.value === 'palette') opened.value = null
  else if (!hasDialog()) opened.value = 'palette'
  return true
}

function goTo(page: NavigationItem | undefined): boolean {
  if (page) void navigateTo(page.to)
  return Boolean(page)
}

/** Whether single keys are shortcuts; remembered in this browser. */
export function useSingleKeys() {
  const areSingleKeysOn = useState('single-keys', () => true)
  const storageKey = 'tenantry-single-keys'
  onMounted(() => (areSingleKeysOn.value = localStorage.getItem(storageKey) !== 'off'))

  function setSingleKeys(on: boolean) {
    areSingleKeysOn.value = on
    localStorage.setItem(storageKey, on ? 'on' : 'off')
  }

  return { areSingleKeysOn, setSingleKeys }
}

/** The pressed key in Latin letters; on an Arabic keyboard, the letter at the same place of a Latin one. */
function keyOf({ key, code, shiftKey }: KeyboardEvent): string {
  if (/^[\x21-\x7E]$/.test(key)) return key.toLowerCase()
  if (code === 'Slash') return shiftKey ? '?' : '/'
  return code.startsWith('Key') ? code.slice(3).toLowerCase() : key
}

function isPaletteKey({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent, key: string): boolean {
  return key === 'k' && ctrlKey !== metaKey && !altKey && !shiftKey
}

function isBusy({ target }: KeyboardEvent): boolean {
  return (
    hasDialog() || (target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null)
  )
}

function hasDialog(): boolean {
  return document.querySelector('dialog:modal') !== null
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]')
  field?.focus()
  field?.select()
  return Boolean(field)
}
