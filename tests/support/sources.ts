import { globSync, readFileSync } from 'node:fs'

export interface Source {
  /** From the root, such as `server/api/v1/users/index.get.ts`. */
  file: string
  /** Without comments, which may mention what the code may not use. */
  code: string
}

/** Reads the files that the patterns name, in order. */
export function readSources(...patterns: string[]): Source[] {
  return globSync(patterns)
    .sort()
    .map(file => ({ file, code: withoutComments(readFileSync(file, 'utf8')) }))
}

/** @returns the specifiers of all static and dynamic imports */
export function importsOf({ code }: Source): string[] {
  return [...code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"]+)\1/g)].map(([, , name]) => name!)
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(?<=^|[\s;{}()])\/\/ .*$/gm, '')
}
