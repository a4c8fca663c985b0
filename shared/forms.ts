import { cookieName } from './cookies.ts'

/**
 * The forms that work without scripts: the browser sends them to their own page, and the server calls the API in its
 * place (server/http/forms).
 */
export const formNames = [
  'login',
  'second_factor',
  'recovery_code',
  'forgot',
  'resend',
  'signup',
  'find',
  'remind',
] as const
export type FormName = (typeof formNames)[number]

/** What the page shows after such a form was sent. */
export interface FormAnswer {
  form: FormName
  /** Of the API's response. */
  status: number
  body: unknown
  /** What was typed, without passwords and codes. */
  values: Record<string, string>
}

/** The name of the cookie with the answer, for the next page only. */
export function formCookie(protocol: string): string {
  return cookieName('form', protocol === 'https')
}
