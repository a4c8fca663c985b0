/** @returns a number with its noun: "1 organisation", "2 organisations" */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
