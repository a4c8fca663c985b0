import { ApiFailure } from '#shared/api-failure'
import type { AnswerOf, CallOptions, Method, PathWith } from './api/routes'
import type { Answer, ApiOptions, Transport } from './api/transport'

/** Calls `/api/v1/<path>` and returns the parsed body; throws an `ApiFailure` for every other outcome. */
export type Api = <const Path extends string, const M extends Method = 'GET'>(
  path: Path & PathWith<Path, M>,
  options?: CallOptions<Path, M>,
) => Promise<AnswerOf<Path, M>>

/** The only way for pages to call the API, on the server and in the browser. */
export function useApi(): Api {
  return useNuxtApp().$api
}

interface ApiDataOptions<Path extends string> {
  query?: MaybeRefOrGetter<CallOptions<Path, 'GET'>['query']>
  /** False fetches in the browser only, for data that the first render can do without. */
  server?: boolean
}

/** The result of a GET for a page: rendered on the server, fetched again when path or query change. */
export function useApiData<const Path extends string>(
  key: string,
  path: MaybeRefOrGetter<Path & PathWith<Path, 'GET'>>,
  options: ApiDataOptions<Path> = {},
) {
  const api = useApi()
  return useAsyncData<AnswerOf<Path, 'GET'>>(
    key,
    (nuxtApp, { signal }) => {
      const load = (query: typeof options.query) => api(toValue(path), { query: toValue(query), signal })
      return load(options.query).catch(error => firstPageInstead(nuxtApp, error, toValue(options.query), load))
    },
    {
      // The old rows stay visible until the new ones are loaded.
      watch: [() => toValue(path), () => JSON.stringify(toValue(options.query))],
      lazy: true,
      server: options.server ?? true,
    },
  )
}

/**
 * For a page of a list that no longer exists, because rows are gone or a filter leaves fewer: loads the first page, and
 * goes to the last one.
 * @throws the error, if it is another one
 */
async function firstPageInstead<Answer>(
  nuxtApp: ReturnType<typeof useNuxtApp>,
  error: unknown,
  query: Record<string, unknown> | undefined,
  load: (query: never) => Promise<Answer>,
): Promise<Answer> {
  if (!(error instanceof ApiFailure) || error.status !== 404 || !query?.page) throw error
  const first = await load({ ...query, page: undefined } as never)
  const last = Math.ceil((first as { count: number }).count / (Number(query.page_size) || 25))
  await nuxtApp.runWithContext(() => {
    const { path, query: given } = useRoute()
    return navigateTo({ path, query: { ...given, page: last > 1 ? last : undefined } }, { replace: true })
  })
  return first
}

/**
 * Adds to a transport what may help a refused call, which is then repeated once: a refresh, or that users confirm that
 * it is them.
 */
export function createApi(transport: Transport): Api {
  return (async (path: string, options: ApiOptions = {}) => {
    let answer = await transport.send(path, options)
    if (answer.status === 401 && mayRenew(path, answer) && (await transport.renew()))
      answer = await transport.send(path, options)
    if (codeOf(answer) === 'reauthentication_required' && (await transport.confirm(answer.body)))
      answer = await transport.send(path, options)
    if (answer.status >= 200 && answer.status < 300) return answer.body
    const failure = new ApiFailure(answer.status, answer.body)
    if (failure.code === 'second_factor_enrolment_required') transport.enrol()
    if (failure.status === 401 && failure.code && sessionIsOver.has(failure.code)) transport.end()
    throw failure
  }) as Api
}

const sessionIsOver: ReadonlySet<string> = new Set(['session_revoked', 'user_inactive', 'user_not_found'])

function codeOf({ status, body }: Answer) {
  return new ApiFailure(status, body).code
}

/** A missing access token has no code; an expired one has `token_not_valid`. A refused sign-in has neither. */
function mayRenew(path: string, answer: Answer): boolean {
  const code = codeOf(answer)
  return (code === undefined || code === 'token_not_valid') && !path.startsWith('auth/session/')
}
