import { ApiFailure } from '#shared/api-failure'
import type { Me, User } from '#shared/answers/users'

export type SessionEnd = 'signed-out' | 'expired'

/** The signed-in user. Never a token: tokens are in HttpOnly cookies, which scripts cannot read. */
export const useSessionStore = defineStore('session', {
  state: () => ({
    user: null as User | null,
    /**
     * The operator who has signed in as the user, if any; stored separately, as not every response with the user
     * contains it.
     */
    support: null as NonNullable<Me['support']> | null,
    /** The session may only be used to add a second factor; middleware/auth.global.ts leads there. */
    mustEnrol: false,
    isLoaded: false,
    /** Why the session ended, for the sign-in page to show. */
    endedBy: null as SessionEnd | null,
    /** The session is over, but unsaved input is kept until the user has signed in again. */
    isLapsed: false,
  }),
  actions: {
    /** Loads the signed-in user, once unless forced; throws if that fails. */
    async load(options: { force?: boolean } = {}) {
      if (this.isLoaded && !options.force) return
      const api = useApi()
      try {
        const { support, must_enrol: mustEnrol, ...user } = await api('auth/users/me/')
        this.$patch({ user, support, mustEnrol })
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.status !== 401) throw error
        this.user = null
        this.support = null
      }
      this.isLoaded = true
    },
    /** Takes over who has signed in. The next page loads what their session may be used for. */
    enter(user: User) {
      this.$patch({ user, support: null, isLoaded: false, endedBy: null, isLapsed: false })
    },
    async signOut() {
      try {
        await useApi()('auth/session/', { method: 'DELETE' })
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.status !== 401) throw error
      }
      this.clear('signed-out')
    },
    /**
     * Called when the server says that the session is over. If there is unsaved input, the user is asked to sign in
     * again.
     */
    expire(hasUnsaved: boolean) {
      if (!this.user) return
      if (hasUnsaved) this.isLapsed = true
      else this.clear('expired')
    },
    /** Forgets the user; plugins/session.client.ts then discards all data and leaves the page. */
    clear(reason: SessionEnd) {
      this.$patch({ user: null, support: null, mustEnrol: false, isLoaded: true, endedBy: reason, isLapsed: false })
    },
  },
})
