import { realmOf, listKeyOwners } from '#server/domain/keys/rotate.ts'
import type { App } from '#server/domain/context.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { countWrapped, rewrapRealm } from './wrapped.ts'

export interface Rewrapped {
  rewrapped: number
  /** What still needs SECRET_FALLBACK: a process with other settings may have written it meanwhile. */
  remaining: number
  /** What neither secret decrypts. */
  lost: number
  failed: { subdomain: string; error: string }[]
}

/** Encrypts with SECRET what SECRET_FALLBACK has encrypted, in the console's realm and every organisation's. */
export async function rewrapAll(app: App, onProgress: (done: number, total: number) => void): Promise<Rewrapped> {
  const owners = await listKeyOwners(app)
  const result: Rewrapped = { rewrapped: 0, remaining: 0, lost: 0, failed: [] }
  for (const [i, owner] of owners.entries()) {
    const realm = realmOf(app, owner)
    try {
      const { rewrapped, lost } = await rewrapRealm(app, realm)
      result.rewrapped += rewrapped
      result.lost += lost
      if (rewrapped > 0) result.remaining += (await countWrapped(app, realm)).fallback
    } catch (error) {
      // A broken organisation does not stop the others.
      result.failed.push({ subdomain: owner.subdomain, error: messageOf(error) })
    }
    onProgress(i + 1, owners.length)
  }
  return result
}
