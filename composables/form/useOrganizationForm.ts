import type { z } from 'zod'
import type { organizationSchema } from '#shared/schemas/organization'
import type { Organization } from '#shared/answers/organization'

type Field = keyof z.input<typeof organizationSchema>

/**
 * A form for some of the organisation's fields, which saves only these.
 * @param saved called with the organisation after it was saved
 */
export function useOrganizationForm<Name extends Field>(
  organization: Organization,
  fields: readonly Name[],
  saved: (organization: Organization) => void,
) {
  const api = useApi()
  const { notify } = useNotices()
  const { t } = useI18n()
  const fieldsOf = (from: Organization) =>
    Object.fromEntries(fields.map(field => [field, from[field]])) as Pick<Organization, Name>
  const state = reactive({ ...fieldsOf(organization) })
  const { markSaved } = useUnsaved(state)

  const { form, alert, pending } = useSubmit(async (body: object) => {
    const after = await api('organization/', { method: 'PATCH', body })
    Object.assign(state, fieldsOf(after))
    markSaved()
    saved(after)
    notify(t('organization.saved'))
  })

  return { form, state, alert, pending }
}
