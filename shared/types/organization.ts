import type { Language } from '#shared/dates.ts'

/** An organisation as its own people see it, as the API answers: times are ISO 8601 UTC, ids UUIDv7. */

export interface Organization {
  id: string
  name: string
  business_email: string
  business_phone_number: string
  subdomain: string
  tenant_id: string
  registration: 'invite_only' | 'open'
  registration_domains: string[]
  password_min_length: number
  /** Of pages and mails for people who have not chosen one; null: pages as the browser asks, mails in English. */
  language: Language | null
  /** Whether the platform's operators may sign in as one of its people. */
  allows_support: boolean
  /** Path of the logo. */
  logo: string | null
  /** Such as `#1d4ed8`, and black or white, whichever can be read on it. */
  brand_color: string | null
  brand_text_color: string | null
}

/** How an organisation looks and speaks to those who have not signed in yet. */
export type Branding = Pick<Organization, 'logo' | 'brand_color' | 'brand_text_color' | 'language'>
