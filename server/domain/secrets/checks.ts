import type { App } from '#server/domain/context.ts'
import { counted, countedAre } from '#server/domain/lib/counted.ts'
import { countArchivesOfFallback } from '#server/domain/archives/checks.ts'
import { listKeyOwners, realmOf } from '#server/domain/keys/rotate.ts'
import type { Check } from '#server/domain/platform/check.ts'
import { countPeppered } from './peppered.ts'
import { countWrapped } from './wrapped.ts'

/** Whether SECRET decrypts what is encrypted and, during a rotation, what still needs the fallbacks. */
export async function checkSecrets(app: App): Promise<Check> {
  const { secret, pepper } = app.config
  const wrapped = { current: 0, fallback: 0, lost: 0 }
  const peppered = { passwords: 0, recovery_codes: 0 }
  const problems: string[] = []
  for (const owner of await listKeyOwners(app)) {
    const realm = realmOf(app, owner)
    // Other checks report a schema that is missing, damaged, not migrated or away.
    const counts = await countWrapped(app, realm).catch(() => ({ current: 0, fallback: 0, lost: 0 }))
    add(wrapped, counts)
    if (counts.lost > 0) problems.push(lostProblem(owner.subdomain, counts.lost))
    if (pepper.fallback !== undefined)
      add(peppered, await countPeppered(app, realm).catch(() => ({ passwords: 0, recovery_codes: 0 })))
  }
  if (secret.fallback !== undefined) problems.push(...(await secretProblems(app, wrapped.fallback)))
  return {
    name: 'secrets',
    found: describe(app, wrapped.current),
    problems: [...problems, ...pepperProblems(peppered)],
  }
}

function add<Counts extends { [name in keyof Counts]: number }>(sum: Counts, counts: Counts): void {
  for (const name of Object.keys(sum) as (keyof Counts)[]) (sum[name] as number) += counts[name]
}

function describe({ config: { secret, pepper } }: App, current: number): string {
  const fallbacks = [secret.fallback && 'SECRET_FALLBACK', pepper.fallback && 'PEPPER_FALLBACK'].filter(Boolean)
  return `${counted(current, 'value')} encrypted with SECRET${fallbacks.length > 0 ? `; ${fallbacks.join(' and ')} set` : ''}`
}

function lostProblem(subdomain: string, count: number): string {
  return `${subdomain}: ${counted(count, 'value')} cannot be decrypted. Set the SECRET of before as SECRET_FALLBACK.`
}

async function secretProblems(app: App, count: number): Promise<string[]> {
  const archives = await countArchivesOfFallback(app)
  return [
    ...(count > 0
      ? [`${countedAre(count, 'value')} encrypted with SECRET_FALLBACK. Run: tenantry secrets rewrap`]
      : []),
    ...(archives > 0
      ? [
          `${countedAre(archives, 'archive')} signed with SECRET_FALLBACK. Without it they count as another installation's; make new ones if you need them.`,
        ]
      : []),
  ]
}

function pepperProblems({ passwords, recovery_codes }: { passwords: number; recovery_codes: number }): string[] {
  return [
    ...(passwords > 0
      ? [
          `Since PEPPER changed, ${counted(passwords, 'user')} did not sign in with a password. Without PEPPER_FALLBACK they need a new one.`,
        ]
      : []),
    ...(recovery_codes > 0
      ? [
          `Recovery codes of ${counted(recovery_codes, 'user')} may need PEPPER_FALLBACK. Ask them to make new ones in their profile.`,
        ]
      : []),
  ]
}
