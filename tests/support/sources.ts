import { globSync, readFileSync } from 'node:fs'

export interface Source {
  /** From the root, such as `server/api/v1/users/index.get.ts`. */
  file: string
  /** Without its comments, which may name what the code may not. */
  code: string
}

/** Reads the files that the patterns name, in order. */
export function readSources(...patterns: string[]): Source[] {
  return globSync(patterns)
    .sort()
    .map(file => ({ file, code: withoutComments(readFileSync(file, 'utf8')) }))
}

/** @returns what is imported, statically or not, by the name that is written there */
export function importsOf({ code }: Source): string[] {
  return [...code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"]+)\1/g)].map(([, , name]) => name!)
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(?<=^|[\s;{}()])\/\/ .*$/gm, '')
}
