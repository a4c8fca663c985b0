/** The parts of the reference, in their order. */
export const tags = [
  { name: 'Authentication', description: 'Signing in and out, tokens and cookies, passwords and links.' },
  { name: 'Account', description: "The caller's own account and sessions." },
  { name: 'People', description: 'The directory: people, photos, imports and exports.' },
  { name: 'Departments', description: 'Departments and who is in them.' },
  { name: 'Invitations', description: 'Inviting people by mail.' },
  { name: 'Organisation', description: "The organisation's own data, look and rules." },
  { name: 'Audit log', description: 'Who did what, when and from where.' },
  { name: 'Sign-ups', description: 'Requests for new organisations.' },
  { name: 'Organisations', description: 'The organisations of the platform, for operators.' },
  { name: 'Support', description: 'Finding people, and signing in as them with a reason.' },
  { name: 'Archives', description: 'Archiving, restoring and cloning organisations.' },
  { name: 'Platform', description: 'Mails, jobs, migrations, keys and health of the platform.' },
]

const places: [path: RegExp, tag: string][] = [
  [/^\/api\/v1\/auth\/(?:users\/me|users\/set_)|^\/api\/v1\/(?:sessions|home)\//, 'Account'],
  [/^\/api\/v1\/auth\/users\/(?:$|\[id\])|^\/api\/v1\/users\//, 'People'],
  [/^\/api\/v1\/auth\/|^\/\.well-known\//, 'Authentication'],
  [/^\/api\/v1\/departments\//, 'Departments'],
  [/^\/api\/v1\/invitations\//, 'Invitations'],
  [/^\/api\/v1\/organization\//, 'Organisation'],
  [/^\/api\/v1\/audit\//, 'Audit log'],
  [/^\/api\/v1\/signups?\//, 'Sign-ups'],
  [/support-accesses|^\/api\/v1\/people\/|\/tenants\/\[id\]\/users\//, 'Support'],
  [/archives|exports|restorations|clones/, 'Archives'],
  [/^\/api\/v1\/tenants\//, 'Organisations'],
]

/** @returns the part of the reference that a path belongs to */
export function tagOf(path: string): string {
  return places.find(([pattern]) => pattern.test(path))?.[1] ?? 'Platform'
}
