/**
 * One line for each row, its cells apart from each other.
 * @param none what there is to say where there are no rows
 */
export function linesOf<Row>(rows: Row[], cellsOf: (row: Row) => string[], none: string): string {
  return rows.map(row => cellsOf(row).join('  ').trimEnd()).join('\n') || none
}
