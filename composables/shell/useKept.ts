/**
 * A choice about how a page looks, kept for a year in a cookie of the browser, so that the server renders it too.
 * @param name of the choice
 * @param usual the text where nothing was chosen
 */
export function useKept(name: string, usual: string): Ref<string> {
  return useCookie(`tenantry_${name}`, {
    maxAge: 31_536_000,
    sameSite: 'lax',
    secure: useHostInfo().origin.startsWith('https:'),
    readonly: false,
    encode: String,
    decode: String,
    default: () => usual,
  })
}
