import { cookieName } from '#shared/cookies'

/**
 * A choice about how a page looks, kept for a year in a cookie of the browser, so that the server renders it too.
 * @param name of the choice
 * @param usual the text where nothing was chosen
 */
export function useKept(name: string, usual: string): WritableComputedRef<string> {
  const secure = useHostInfo().origin.startsWith('https:')
  // Without a default, which would be stored.
  const kept = useCookie<string | undefined>(cookieName(name, secure), {
    maxAge: 31_536_000,
    sameSite: 'lax',
    secure,
    readonly: false,
    encode: String,
    decode: String,
  })
  return computed({ get: () => kept.value ?? usual, set: value => (kept.value = value) })
}
