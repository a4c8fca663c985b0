import { existsSync, globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import type { ArgsDef, CommandDef } from 'citty'
import { describe, expect, test } from 'vitest'

const folders =
  /^(?:assets|cli|components|composables|docs|drizzle|i18n|layouts|middleware|modules|pages|plugins|scripts|server|shared|stores|tests)\//

describe('a document that leads through the code', () => {
  test('names files that exist', () => {
    const named = filesIn(readFileSync('docs/add-a-feature.md', 'utf8'))
    expect(named.length).toBeGreaterThan(25)
    expect(named.filter(file => !existsSync(file))).toEqual([])
  })

  test('is noticed when it does not', () => {
    expect(filesIn('See `server/no-such.ts`, `docs/api.md`, `npm test` and `select *`.')).toEqual([
      'server/no-such.ts',
      'docs/api.md',
    ])
  })
})

const documents = globSync(['*.md', 'client/*.md', 'docs/**/*.md']).sort()

describe('a link in a document', () => {
  test.each(documents)('leads to a file and a heading that there are: %s', file => {
    expect(deadLinksIn(readFileSync(file, 'utf8'), file)).toEqual([])
  })

  test('is noticed when it does not', () => {
    expect(
      deadLinksIn('[a](../README.md) [b](api.md#limits) [c](no.md#x) [d](api.md#no) [e](#no) `[f](g)`', 'docs/x.md'),
    ).toEqual(['no.md#x', 'api.md#no', '#no'])
  })
})

describe('the comparison with ASVS', () => {
  const parts = globSync('docs/asvs/*.md')
  const rows = parts.flatMap(file => requirementsIn(readFileSync(file, 'utf8')))
  const summary = readFileSync('docs/asvs.md', 'utf8')

  test('has each requirement of the levels 1 and 2 once', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(253)
    expect(rows).toHaveLength(253)
  })

  test('counts the verdicts of its tables', () => {
    for (const verdict of ['met', 'partly', 'not met', 'does not apply']) {
      const found = rows.filter(row => row.verdict === verdict)
      const [first, second] = ['1', '2'].map(level => found.filter(row => row.level === level).length)
      expect(summary).toContain(`| ${verdict} | ${first} | ${second} | ${found.length} |`)
    }
    const unmet = rows.filter(({ verdict }) => verdict === 'not met')
    expect(unmet.filter(({ id }) => !new RegExp(`\\*\\*[^*]*\\b${id}\\b`).test(summary))).toEqual([])
  })
})

describe('a command that a document shows', () => {
  test.each(documents)('is one that there is, with its options: %s', async file => {
    const commands = commandsIn(readFileSync(file, 'utf8'))
    expect((await Promise.all(commands.map(faultOf))).filter(fault => fault !== undefined)).toEqual([])
  })

  test('is found, and noticed when it is wrong', async () => {
    expect(
      commandsIn(
        'Run `tenantry doctor`:\n```\nnpx tenantry tenant suspend acme --reason "An unpaid bill"   # closed\n```',
      ),
    ).toEqual(['doctor', 'tenant suspend acme --reason "An unpaid bill"'])
    expect(
      await Promise.all(
        [
          'nosuch',
          'tenant nosuch x',
          'report "select 1"',
          'tenant show acme --colour',
          'tenant show',
          'tenant delete acme --now --yes',
        ].map(faultOf),
      ),
    ).toEqual([
      'nosuch: no such command',
      'tenant nosuch x: no such command',
      'report "select 1": 1 words',
      'tenant show acme --colour: --colour',
      'tenant show: 0 words',
      undefined,
    ])
  })
})

/** @returns links to files or headings that there are not */
function deadLinksIn(text: string, file: string): string[] {
  const links = [...text.replaceAll(/`[^`\n]*`/g, '').matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link]) => link!)
  return links.filter(link => {
    const [path = '', heading] = link.split('#')
    const target = path ? posix.join(posix.dirname(file), path) : file
    if (heading === undefined || !existsSync(target)) return !existsSync(target)
    return !headingsIn(target === file ? text : readFileSync(target, 'utf8')).includes(heading)
  })
}

/** @returns the headings as GitHub names them in links */
function headingsIn(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function requirementsIn(text: string) {
  return [...text.matchAll(/^\| (\d+\.\d+\.\d+) \| ([12]) \| ([a-z ]+) \| [^|]+ \| [^|]+ \|$/gm)].map(
    ([, id, level, verdict]) => ({ id: id!, level: level!, verdict: verdict! }),
  )
}

function commandsIn(text: string): string[] {
  return [...text.matchAll(/(?:`|npx |^)tenantry ([^`#\n]+)/gm)]
    .map(([, command]) => command!.replaceAll(/[[\]]/g, '').trim())
    .filter(command => /^[a-z]/.test(command))
}

/** @returns what is wrong with a command line, or undefined */
async function faultOf(line: string): Promise<string | undefined> {
  const words = [...line.matchAll(/"[^"]*"|\S+/g)].map(([word]) => word)
  let command = await loadCommand(words.shift()!)
  while (command?.subCommands)
    command = (command.subCommands as Record<string, CommandDef>)[words.shift() ?? String(command.default)]
  if (!command) return `${line}: no such command`
  const args = Object.entries({ json: { type: 'boolean' }, ...(command.args as ArgsDef) } as ArgsDef)
  const positionals = args.filter(([, { type }]) => type === 'positional')
  let given = 0
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const option = args.find(([name]) => word === `--${name}`)
    if (!word.startsWith('--')) given++
    else if (!option) return `${line}: ${word}`
    else if (option[1].type !== 'boolean') words.shift()
  }
  const needed = positionals.filter(([, arg]) => arg.required).length
  return given < needed || given > positionals.length ? `${line}: ${given} words` : undefined
}

async function loadCommand(name: string): Promise<CommandDef | undefined> {
  const file = name === 'report' ? 'exec' : name
  return existsSync(`cli/commands/${file}.ts`)
    ? ((await import(`../../cli/commands/${file}.ts`)) as { default: CommandDef }).default
    : undefined
}

function filesIn(text: string): string[] {
  return [...text.matchAll(/`([^`\s]+)`/g)]
    .map(([, name]) => name!)
    .filter(name => folders.test(name) || name === 'nuxt.config.ts')
}
