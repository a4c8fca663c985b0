interface Named {
  first_name: string
  last_name: string
  email: string
}

/** How to call a person: the full name, or the address where there is none. */
export function nameOf({ first_name, last_name, email }: Named): string {
  return `${first_name} ${last_name}`.trim() || email
}

/** One or two letters for where there is no photo. */
export function initialsOf({ first_name, last_name, email }: Named): string {
  const letters = firstLetter(first_name) + firstLetter(last_name)
  return (letters || firstLetter(email)).toLocaleUpperCase('en')
}

/** By code point, so that no surrogate pair is cut. */
function firstLetter(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 32).trim()
}
