import type { z } from 'zod'
import type { organizationSchema } from '#shared/schemas/organization'
import type { Organization } from '#shared/answers/organization'
import type { EditOptions } from './useEdit'

type Field = keyof z.input<typeof organizationSchema>

/**
 * A form for some of the organisation's fields, which saves only these.
 * @param organization as the page has it, which changes when another form of the page has saved it
 * @param saved called with the organisation after it was saved
 */
export function useOrganizationForm<Name extends Field>(
  organization: () => Organization,
  fields: readonly Name[],
  saved: (organization: Organization) => void,
) {
  const api = useApi()
  const { notify } = useNotices()
  const { t } = useI18n()
  const labels = useOrganizationLabels()
  const fieldsOf = (from: Organization) =>
    Object.fromEntries(fields.map(field => [field, from[field]])) as Pick<Organization, Name>
  const state = reactive({ ...fieldsOf(organization()) }) as Pick<Organization, Name>
  const { markSaved } = useUnsaved(state)
  const { save, conflicts, decide } = useEdit(state, {
    etag: organization().etag,
    fieldsOf,
    latest: organization,
    send: (body, ifMatch): Promise<Organization> => api('organization/', { method: 'PATCH', body, ifMatch }),
    labels,
  })

  const { form, alert, pending } = useSubmit(async (body: object) => {
    const after = await save(body)
    markSaved()
    saved(after)
    notify(t('organization.saved'))
  })

  return { form, state, alert, pending, conflicts, decide }
}

/** How a conflict shows each field. */
function useOrganizationLabels(): EditOptions<Pick<Organization, Field>, Organization>['labels'] {
  const { t, locales } = useI18n()
  return {
    name: { label: t('organization.identity.name') },
    business_email: { label: t('organization.identity.email') },
    business_phone_number: { label: t('organization.identity.phone') },
    language: {
      label: t('organization.identity.language'),
      text: value => locales.value.find(({ code }) => code === value)?.name ?? t('organization.identity.language_none'),
    },
    registration: {
      label: t('organization.joining.title'),
      text: value => t(`organization.joining.${value}`),
    },
    registration_domains: { label: t('organization.joining.domains'), text: value => value.join(', ') },
    password_min_length: { label: t('organization.rules.min_length') },
    allows_support: {
      label: t('organization.rules.allows_support'),
      text: value => t(value ? 'common.conflict.yes' : 'common.conflict.no'),
    },
    brand_color: { label: t('organization.color.label'), text: value => value ?? '' },
  }
}
