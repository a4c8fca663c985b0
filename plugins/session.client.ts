import type { User } from '#shared/answers/users'
import type { SessionEnd } from '~/stores/session'

type News = { type: 'signed-out'; reason: SessionEnd } | { type: 'signed-in'; id: string }

/**
 * Keeps this tab in step with the session: changes in this tab, in another tab, or while the page was in the
 * back-forward cache.
 */
export default defineNuxtPlugin(nuxtApp => {
  const { surface } = useHostInfo()
  if (surface !== 'portal' && surface !== 'console') return
  const session = useSessionStore()
  const unsaved = useUnsavedForms()
  const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('tenantry-session') : undefined
  const tell = (news: News) => tabs?.postMessage(news)

  watch(
    () => session.user?.id,
    (id, former) => {
      if (former) nuxtApp.runWithContext(forgetEverything)
      if (!id) tell({ type: 'signed-out', reason: session.endedBy ?? 'expired' })
      else tell({ type: 'signed-in', id })
    },
    { flush: 'sync' },
  )

  tabs?.addEventListener('message', ({ data }: MessageEvent<News>) => hear(data, session, unsaved.value > 0))

  // A page from the back-forward cache shows old data, perhaps of another user.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted && session.user) return requireSameUser(session.user.id, () => nuxtApp.runWithContext(reload))
  })
})

type SessionStore = ReturnType<typeof useSessionStore>

/** Takes over what another tab has told. */
function hear(news: News, session: SessionStore, hasUnsaved: boolean) {
  if (news.type === 'signed-out') {
    if (!session.user) return
    if (news.reason === 'expired') session.expire(hasUnsaved)
    else session.clear('signed-out')
  } else if (news.id === session.user?.id) {
    session.isLapsed = false
  } else {
    location.reload()
  }
}

/** Hides the page until it is known whose it is, and loads it again where that is not the same user. */
async function requireSameUser(id: string, load: () => Promise<User | null>) {
  document.documentElement.hidden = true
  try {
    if ((await load())?.id === id) document.documentElement.hidden = false
    else location.reload()
  } catch {
    location.reload()
  }
}

async function reload(): Promise<User | null> {
  const session = useSessionStore()
  await session.load({ force: true })
  return session.user
}

function forgetEverything() {
  const session = useSessionStore()
  clearNuxtData()
  // The payload that the server wrote for hydration.
  document.getElementById('__NUXT_DATA__')?.remove()
  if (session.user) return
  const { meta, fullPath } = useRoute()
  if (meta.public) return
  const query = session.endedBy === 'expired' && fullPath !== '/' ? { redirect: fullPath } : {}
  void navigateTo({ path: '/login', query })
}
