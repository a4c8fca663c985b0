import type { Tenancy } from '#server/http/tenancy.ts'
import type { FormName } from '#shared/forms.ts'
import { formNames } from '#shared/forms.ts'
import { tenantHint } from '#shared/schemas/tenants.ts'

/** A form that a page sends without scripts. */
export interface PageForm {
  surfaces: Tenancy['surface'][]
  path: string
  /** The endpoint of the API that the page would call with scripts. */
  endpoint: string
  /** The names of its fields. */
  fields: string[]
  /** The request to the endpoint; the fields themselves by default. */
  body?: (values: Record<string, string>) => object
}

const pageForms: Record<FormName, PageForm> = {
  login: { surfaces: ['portal', 'console'], path: '/login', endpoint: 'auth/session/', fields: ['email', 'password'] },
  second_factor: {
    surfaces: ['portal', 'console'],
    path: '/login',
    endpoint: 'auth/session/second-factor/',
    fields: ['challenge', 'methods', 'code', 'remember_device'],
    body: ({ challenge, code, remember_device }) => ({ challenge, code, remember_device: remember_device === 'on' }),
  },
  recovery_code: {
    surfaces: ['portal', 'console'],
    path: '/login',
    endpoint: 'auth/session/second-factor/',
    fields: ['challenge', 'methods', 'recovery_code'],
    body: ({ challenge, recovery_code }) => ({ challenge, recovery_code }),
  },
  forgot: {
    surfaces: ['portal', 'console'],
    path: '/forgot',
    endpoint: 'auth/users/reset_password/',
    fields: ['email'],
  },
  resend: { surfaces: ['portal'], path: '/resend', endpoint: 'auth/users/resend_activation/', fields: ['email'] },
  signup: {
    surfaces: ['site'],
    path: '/signup',
    endpoint: 'signup/',
    fields: ['name', 'subdomain', 'first_name', 'last_name', 'email', 'language'],
  },
  find: {
    surfaces: ['site'],
    path: '/find',
    endpoint: 'tenants/info/',
    fields: ['tenant_id'],
    body: ({ tenant_id = '' }) => tenantHint(tenant_id),
  },
  remind: { surfaces: ['site'], path: '/find', endpoint: 'tenants/info/mail/', fields: ['email', 'language'] },
}

/** @returns the form with this name, if it is on this page */
export function findForm(
  surface: Tenancy['surface'],
  path: string,
  name: string | null,
): { name: FormName; form: PageForm } | undefined {
  const known = formNames.find(candidate => candidate === name)
  const form = known && pageForms[known]
  return form?.surfaces.includes(surface) && form.path === path ? { name: known!, form } : undefined
}
