import { nameOf } from '#shared/people/person-name'
import type { AuditEvent } from '#shared/answers/audit'

interface Change {
  from?: unknown
  to?: unknown
}

type Words = Pick<ReturnType<typeof useI18n>, 't' | 'te' | 'locale'>

/** Describes audit events in the user's language. */
export function useAuditText() {
  const words: Words = useI18n()
  const { number } = useFormat()
  return {
    sentence: (event: AuditEvent) => sentenceOf(words, event),
    batch: (events: readonly AuditEvent[]) => batchOf(words, events, number),
    changesOf: (event: AuditEvent) => changesOf(words, event),
    factsOf: (event: AuditEvent) => factsOf(words, event),
    actorOf: (event: AuditEvent) => actorOf(words, event),
    subjectOf: (event: AuditEvent) => subjectOf(words, event),
  }
}

/** Several events of the same kind by the same person, in one sentence. */
function batchOf(words: Words, events: readonly AuditEvent[], number: (value: number) => string): string {
  const { t, te } = words
  const { action } = events[0]!
  const n = events.length
  const actor = actorOf(words, events[0]!)
  return te(`audit.batches.${action}`)
    ? t(`audit.batches.${action}`, { actor, n: number(n) }, n)
    : t('audit.batch', { actor, action: t(`audit.actions.${action}`), n: number(n) })
}

/** The event in one sentence. */
function sentenceOf(words: Words, event: AuditEvent): string {
  const { t, te, locale } = words
  const { action } = event
  const subject = subjectOf(words, event)
  const actor = actorOf(words, event)
  // `self` acts on their own account, where the caller may be known by their token only.
  const named = { ...valuesOf(words, event), actor, subject, self: event.actor ? actor : subject }
  const special = specialSentenceOf(event)
  if (special) return t(special, named)
  const changes = changesOf(words, event)
  const [only] = changes
  const theField = ({ field }: { field: string }) => t('audit.the', { field })
  if (only && changes.length === 1 && action.endsWith('.changed'))
    return t(`audit.sentences.${action}_${only.from === '–' ? 'set' : 'one'}`, {
      ...named,
      ...only,
      field: theField(only),
    })
  const fields = new Intl.ListFormat(locale.value === 'en' ? 'en-GB' : locale.value).format(changes.map(theField))
  return te(`audit.sentences.${action}`)
    ? t(`audit.sentences.${action}`, { ...named, ...only, fields })
    : t('audit.sentences.unknown', { ...named, action })
}

/** The text of an action that has several. */
function specialSentenceOf({ action, actor, subject, details }: AuditEvent): string | undefined {
  if (action === 'session.ended')
    return details.reason === 'logout' ? 'audit.sentences.session.signed_out' : 'audit.sentences.session.ended'
  if (action === 'user.email_changed' && actor !== subject) return 'audit.sentences.user.email_changed_by'
  if (action === 'session.refused' && !subject) return 'audit.sentences.session.refused_unknown'
  // On the console, the subject is the organisation.
  if (action.startsWith('support.') && textOf(details.user).includes('@')) return `audit.sentences.${action}_at`
  if (action === 'limit.reached' && subject && subject !== actor) return 'audit.sentences.limit.reached_for'
}

/** The details that are no changes, by field. */
function valuesOf(words: Words, event: AuditEvent): Record<string, string> {
  const values = Object.entries(event.details).filter(([, value]) => !isChange(value))
  return Object.fromEntries(values.map(([field, value]) => [field, show(words, event, field, value)]))
}

/** Old and new values, by field. */
function changesOf(words: Words, event: AuditEvent) {
  return Object.entries(event.details)
    .filter((entry): entry is [string, Change] => isChange(entry[1]))
    .map(([field, { from, to }]) => ({
      key: field,
      field: nameOfField(words, field),
      from: show(words, event, field, from),
      to: show(words, event, field, to),
    }))
}

/** The other details of the event. */
function factsOf(words: Words, event: AuditEvent) {
  const { t } = words
  const others = Object.entries(valuesOf(words, event)).map(([field, text]) => ({
    label: nameOfField(words, field),
    text,
  }))
  return [...others, { label: t('audit.address'), text: event.ip }, { label: t('audit.action'), text: event.action }]
}

/** Who acted. In a support session that is the operator, not the user as whom they have signed in. */
function actorOf(words: Words, event: AuditEvent): string {
  const { support } = event.details
  const user = userOf(words, event)
  return typeof support === 'string' ? words.t('audit.support_actor', { operator: support, user }) : user
}

function userOf({ t }: Words, { actor, names, ip }: AuditEvent): string {
  if (actor) return names[actor] ?? t('audit.gone')
  return ip ? t('audit.stranger') : t('audit.system')
}

function subjectOf({ t }: Words, { subject, names, details }: AuditEvent): string {
  if (subject && names[subject]) return names[subject]
  const { name, email, first_name, last_name } = details
  if (typeof name === 'string') return name
  return (
    nameOf({ first_name: textOf(first_name), last_name: textOf(last_name), email: textOf(email) }) || t('audit.gone')
  )
}

function nameOfField({ t, te }: Words, field: string): string {
  return te(`audit.fields.${field}`) ? t(`audit.fields.${field}`) : field
}

function show({ t, te }: Words, { names }: AuditEvent, field: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return '–'
  if (Array.isArray(value)) return field === 'sessions' ? String(value.length) : value.join(', ') || '–'
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (te(`audit.values.${field}.${text}`)) return t(`audit.values.${field}.${text}`)
  if (typeof value === 'boolean') return t(value ? 'audit.yes' : 'audit.no')
  return names[text] ?? (idFields.has(field) ? t('audit.gone') : text)
}

const idFields: ReadonlySet<string> = new Set(['department', 'to', 'from'])

function isChange(value: unknown): value is Change {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && ('from' in value || 'to' in value)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
