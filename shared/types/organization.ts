import type { Language } from '#shared/dates.ts'

/** An organisation as its own users see it, as the API returns it: times are ISO 8601 UTC, ids UUIDv7. */

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
  /**
   * Language of pages and mails for users who have not chosen one; null: pages in the browser's language, mails in
   * English.
   */
  language: Language | null
  /** Whether operators of the platform may sign in as one of its users. */
  allows_support: boolean
  /** URL path of the logo. */
  logo: string | null
  /** The colour, such as `#1d4ed8`, and black or white, whichever is readable on it. */
  brand_color: string | null
  brand_text_color: string | null
}

/** An organisation's look and language, for visitors who have not signed in. */
export type Branding = Pick<Organization, 'logo' | 'brand_color' | 'brand_text_color' | 'language'>
