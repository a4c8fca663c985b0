import { nameOf } from '#shared/person-name'
import type { AuditEvent } from '#shared/answers/audit'

interface Change {
  from?: unknown
  to?: unknown
}

/** Describes audit events in the user's language. */
export function useAuditText() {
  const { t, te, locale } = useI18n()

  /** The event in one sentence. */
  function sentence(event: AuditEvent): string {
    const { action, details } = event
    const values = Object.fromEntries(
      Object.entries(details)
        .filter(([, value]) => !isChange(value))
        .map(([field, value]) => [field, show(event, field, value)]),
    )
    const named = { ...values, actor: actorOf(event), subject: subjectOf(event) }
    const changes = changesOf(event)
    const [only] = changes
    if (action === 'session.ended')
      return t(
        details.reason === 'logout' ? 'audit.sentences.session.signed_out' : 'audit.sentences.session.ended',
        named,
      )
    if (action === 'session.refused' && !event.subject) return t('audit.sentences.session.refused_unknown', named)
    if (action === 'limit.reached' && event.subject && event.subject !== event.actor)
      return t('audit.sentences.limit.reached_for', named)
    if (only && changes.length === 1 && action.endsWith('.changed'))
      return t(`audit.sentences.${action}_one`, { ...named, ...only, field: theField(only) })
    const fields = new Intl.ListFormat(locale.value === 'en' ? 'en-GB' : locale.value).format(changes.map(theField))
    return te(`audit.sentences.${action}`)
      ? t(`audit.sentences.${action}`, { ...named, ...only, fields })
      : t('audit.sentences.unknown', { ...named, action })
  }

  const theField = ({ field }: { field: string }) => t('audit.the', { field })

  /** Old and new values, by field. */
  function changesOf(event: AuditEvent) {
    return Object.entries(event.details)
      .filter((entry): entry is [string, Change] => isChange(entry[1]))
      .map(([field, { from, to }]) => ({
        key: field,
        field: nameOfField(field),
        from: show(event, field, from),
        to: show(event, field, to),
      }))
  }

  /** The other details of the event. */
  function factsOf(event: AuditEvent) {
    const { action, details, ip } = event
    const others = Object.entries(details)
      .filter(([, value]) => !isChange(value))
      .map(([field, value]) => ({ label: nameOfField(field), text: show(event, field, value) }))
    return [...others, { label: t('audit.address'), text: ip }, { label: t('audit.action'), text: action }]
  }

  function actorOf({ actor, names, ip }: AuditEvent): string {
    if (actor) return names[actor] ?? t('audit.gone')
    return ip ? t('audit.stranger') : t('audit.system')
  }

  function subjectOf({ subject, names, details }: AuditEvent): string {
    if (subject && names[subject]) return names[subject]
    const { name, email, first_name, last_name } = details
    if (typeof name === 'string') return name
    return (
      nameOf({ first_name: textOf(first_name), last_name: textOf(last_name), email: textOf(email) }) || t('audit.gone')
    )
  }

  function nameOfField(field: string): string {
    return te(`audit.fields.${field}`) ? t(`audit.fields.${field}`) : field
  }

  function show({ names }: AuditEvent, field: string, value: unknown): string {
    if (value === null || value === undefined || value === '') return '–'
    if (Array.isArray(value)) return field === 'sessions' ? String(value.length) : value.join(', ') || '–'
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    if (te(`audit.values.${field}.${text}`)) return t(`audit.values.${field}.${text}`)
    if (typeof value === 'boolean') return t(value ? 'audit.yes' : 'audit.no')
    return names[text] ?? (idFields.has(field) ? t('audit.gone') : text)
  }

  return { sentence, changesOf, factsOf, actorOf, subjectOf }
}

const idFields: ReadonlySet<string> = new Set(['department', 'to', 'from'])

function isChange(value: unknown): value is Change {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && ('from' in value || 'to' in value)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
