/**
 * The name of one of our cookies. Over https, the prefix makes browsers refuse a cookie that a sibling tenant tries to
 * set for our host.
 */
export function cookieName(name: string, isHttps: boolean): string {
  return `${isHttps ? '__Host-' : ''}tenantry_${name}`
}
