import { ApiFailure } from '#shared/api-failure'
import type { User } from '#shared/types/people'

export type SessionEnd = 'signed-out' | 'expired'

/** Who is signed in. Never a token: these are in HttpOnly cookies that no script sees. */
export const useSessionStore = defineStore('session', {
  state: () => ({
    user: null as User | null,
    /**
     * Who is really there, where an operator has signed in as the user; kept apart, as not every answer of a user
     * says it.
     */
    support: null as NonNullable<User['support']> | null,
    isLoaded: false,
    /** Why there is no user any more, for the sign-in page to say so. */
    endedBy: null as SessionEnd | null,
    /** The session is over, but something typed is kept until its owner has signed in again. */
    isLapsed: false,
  }),
  actions: {
    /** Finds out who is signed in, once unless forced; throws when that cannot be found out. */
    async load(options: { force?: boolean } = {}) {
      if (this.isLoaded && !options.force) return
      const api = useApi()
      try {
        this.user = await api<User>('auth/users/me/')
        this.support = this.user.support ?? null
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.status !== 401) throw error
        this.user = null
        this.support = null
      }
      this.isLoaded = true
    },
    async signIn(credentials: { email: string; password: string }) {
      const { user } = await useApi()<{ user: User }>('auth/session/', { method: 'POST', body: credentials })
      this.$patch({ user, support: null, isLoaded: true, endedBy: null, isLapsed: false })
    },
    async signOut() {
      try {
        await useApi()('auth/session/', { method: 'DELETE' })
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.status !== 401) throw error
      }
      this.clear('signed-out')
    },
    /** The server says that the session is over; where that would lose what is typed, one is asked to sign in again. */
    expire(hasUnsaved: boolean) {
      if (!this.user) return
      if (hasUnsaved) this.isLapsed = true
      else this.clear('expired')
    },
    /** Forgets who was signed in; plugins/session.client.ts then forgets all else and leaves the page. */
    clear(reason: SessionEnd) {
      this.$patch({ user: null, support: null, isLoaded: true, endedBy: reason, isLapsed: false })
    },
  },
})
