import { ApiFailure } from '#shared/api-failure'

/** A field that both the user and somebody else have changed, as texts. */
export interface Conflict {
  name: string
  label: string
  mine: string
  theirs: string
}

export interface EditOptions<State, Answer> {
  /** The entity tag of the resource when the form is opened. */
  etag: string
  /** The form's fields of an answer. */
  fieldsOf: (answer: Answer) => State
  /** The resource as its page has it, where other forms of the page save it too. */
  latest?: () => Answer
  /** Sends the changed fields. */
  send: (body: Partial<State>, ifMatch: string) => Promise<Answer>
  /** How a conflict shows a field: its label, and its value, which is shown as it is by default. */
  labels: { [Name in keyof State]?: { label: string; text?: (value: State[Name]) => string | Promise<string> } }
}

/**
 * Saves what the user has changed in a form, based on the state in which the form was opened. If somebody else has
 * changed the resource meanwhile, their changes of other fields stay. A field that both have changed is a conflict,
 * which the user decides.
 * @param state the form's reactive fields, as opened
 */
export function useEdit<State extends object, Answer extends { etag: string }>(
  state: State,
  { etag, fieldsOf, latest, send, labels }: EditOptions<State, Answer>,
) {
  const conflicts = ref<Conflict[]>([])
  const names = Object.keys(state) as (keyof State & string)[]
  let base = copyOf(state)
  const changedNames = () => names.filter(name => !isSame(state[name], base[name]))

  if (latest)
    watch(latest, async current => {
      if (current.etag !== etag) await adopt(current, changedNames())
    })

  /**
   * @param input the form's fields, as parsed by its schema
   * @throws ApiFailure of the API; 412 where there are conflicts to decide
   */
  async function save(input: object): Promise<Answer> {
    const changed = changedNames()
    conflicts.value = []
    try {
      const answer = await send(pick(input as Partial<State>, changed), etag)
      etag = answer.etag
      base = fieldsOf(answer)
      Object.assign(state, base)
      return answer
    } catch (error) {
      const current = currentOf<Answer>(error)
      if (!current || current.etag === etag) throw error
      await adopt(current, changed)
      if (conflicts.value.length > 0) throw error
      return save(input)
    }
  }

  async function adopt(current: Answer, changed: (keyof State & string)[]): Promise<void> {
    const theirs = fieldsOf(current)
    const contested = changed.filter(name => !isSame(theirs[name], base[name]) && !isSame(theirs[name], state[name]))
    for (const name of names) if (!changed.includes(name)) state[name] = theirs[name]
    base = copyOf(theirs)
    etag = current.etag
    conflicts.value = await Promise.all(contested.map(name => describe(name, theirs)))
  }

  async function describe<Name extends keyof State & string>(name: Name, theirs: State): Promise<Conflict> {
    const { label = name, text = String } = labels[name] ?? {}
    const [mine, others] = await Promise.all([text(state[name]), text(theirs[name])])
    return { name, label, mine, theirs: others }
  }

  /** Decides a conflict; the user's own value is what is in the form already. */
  function decide(name: string, takeTheirs: boolean) {
    const field = name as keyof State & string
    if (takeTheirs) state[field] = base[field]
    conflicts.value = conflicts.value.filter(conflict => conflict.name !== name)
  }

  return { save, conflicts, decide }
}

/** The resource as it is now, if it has been changed in the meantime. */
function currentOf<Answer>(error: unknown): Answer | undefined {
  return error instanceof ApiFailure && error.code === 'changed_meanwhile' ? (error.body.current as Answer) : undefined
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function copyOf<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

function pick<T extends object>(from: T, names: readonly (keyof T)[]): Partial<T> {
  return Object.fromEntries(names.map(name => [name, from[name]])) as Partial<T>
}
