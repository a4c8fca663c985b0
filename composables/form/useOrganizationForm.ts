import type { z } from 'zod'
import type { organizationSchema } from '#shared/schemas/organization'
import type { Organization } from '#shared/types/organization'

type Field = keyof z.input<typeof organizationSchema>

/**
 * A form over some of the organisation's fields, which saves these alone.
 * @param saved told of the organisation as it is then
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

  const { alert, pending, form } = useSubmit(async (body: object) => {
    const after = await api<Organization>('organization/', { method: 'PATCH', body })
    Object.assign(state, fieldsOf(after))
    markSaved()
    saved(after)
    notify(t('organization.saved'))
  })

  return { state, alert, pending, form }
}
