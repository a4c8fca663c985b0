import type { SignupRow } from './signups.ts'
import { signupStateOf } from './state.ts'

export function presentSignup(signup: SignupRow) {
  return {
    id: signup.id,
    name: signup.name,
    subdomain: signup.subdomain,
    email: signup.email,
    first_name: signup.first_name,
    last_name: signup.last_name,
    language: signup.language,
    state: signupStateOf(signup),
    created: signup.created,
    expires_at: signup.expires_at,
    confirmed_at: signup.confirmed_at,
    approved_at: signup.approved_at,
    refused_at: signup.refused_at,
    decided_by: signup.decided_by,
    tenant: signup.tenant,
  }
}
