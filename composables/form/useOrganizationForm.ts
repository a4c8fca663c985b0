import type { Organization } from '#shared/answers/organization'
import type { EditOptions } from './useEdit'

const fields = [
  'name',
  'business_email',
  'business_phone_number',
  'language',
  'brand_color',
  'registration',
  'registration_domains',
  'password_min_length',
  'allows_support',
  'second_factor',
  'second_factor_grace',
] as const

/** The organisation's fields that its Admins change. */
export type OrganizationState = Pick<Organization, (typeof fields)[number]>

/**
 * The form of the organisation's settings, which sends what has changed.
 * @param organization as the page has it, which changes when the logo is saved
 * @param saved called with the organisation after it was saved
 */
export function useOrganizationForm(organization: () => Organization, saved: (organization: Organization) => void) {
  const api = useApi()
  const { notify } = useNotices()
  const { t } = useI18n()
  const labels = useOrganizationLabels()
  const state = reactive(fieldsOf(organization()))
  const { isDirty, markSaved } = useUnsaved(state)
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

  function discard() {
    Object.assign(state, fieldsOf(organization()))
    conflicts.value = []
    alert.value = ''
    markSaved()
  }

  return { form, state, alert, pending, conflicts, decide, isDirty, discard }
}

function fieldsOf(organization: Organization): OrganizationState {
  const all = Object.fromEntries(fields.map(field => [field, organization[field]])) as unknown as OrganizationState
  // Chips change the list itself.
  return { ...all, registration_domains: [...all.registration_domains] }
}

/** How a conflict shows each field. */
function useOrganizationLabels(): EditOptions<OrganizationState, Organization>['labels'] {
  const { t } = useI18n()
  return {
    name: { label: t('organization.identity.name') },
    business_email: { label: t('organization.identity.email') },
    business_phone_number: { label: t('organization.identity.phone') },
    language: {
      label: t('organization.identity.language'),
      text: value => languageNames.find(({ code }) => code === value)?.name ?? t('organization.identity.language_none'),
    },
    registration: {
      label: t('organization.joining.title'),
      text: value => t(`organization.joining.${value}`),
    },
    registration_domains: { label: t('organization.joining.domains'), text: value => value.join(', ') },
    password_min_length: { label: t('organization.rules.min_length') },
    second_factor: { label: t('security.policy.title'), text: value => t(`security.policy.${value}`) },
    second_factor_grace: { label: t('security.policy.grace') },
    allows_support: {
      label: t('organization.rules.allows_support'),
      text: value => t(value ? 'common.conflict.yes' : 'common.conflict.no'),
    },
    brand_color: { label: t('organization.color.label'), text: value => value ?? '' },
  }
}
