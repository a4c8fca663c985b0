/** @returns a number with its noun: "1 organisation", "2 organisations" */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** @returns the same with its verb: "1 organisation is", "2 organisations are" */
export function countedAre(count: number, noun: string): string {
  return `${counted(count, noun)} ${count === 1 ? 'is' : 'are'}`
}
