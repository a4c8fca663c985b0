import { newId } from '#server/database/ids.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'

export interface DemoUser {
  id: string
  isWoman: boolean
  joined: Date
}

/** Fills a demo organisation with users. They have no password, so nobody can sign in as one of them. */
export async function seedUsers(
  { realm: { db, tables } }: AuthRealm,
  subdomain: string,
  count: number,
  places: string[],
): Promise<DemoUser[]> {
  const people = Array.from({ length: count }, (_, i) => personOf(i, subdomain, places))
  await db.insert(tables.users).values(people.map(({ isWoman, ...person }) => person))
  return people.map(({ id, isWoman, date_joined }) => ({ id, isWoman, joined: date_joined }))
}

function personOf(i: number, subdomain: string, places: string[]) {
  const isWoman = i % 2 === 0
  const names = isWoman ? women : men
  const first_name = names[(i * 7) % names.length]!
  const last_name = lastNames[(i * 11) % lastNames.length]!
  const joined = new Date(Date.now() - (i + 3) * 9 * 86_400_000)
  return {
    id: newId(),
    isWoman,
    email: `${first_name}.${last_name}${i}@${subdomain}.test`.toLowerCase(),
    first_name,
    last_name,
    department: placeOf(i, places),
    employee_id: `${subdomain.slice(0, 2).toUpperCase()}-${String(1000 + i)}`,
    activated_at: joined,
    date_joined: joined,
    last_login: i % 6 === 5 ? null : new Date(Date.now() - ((i * 13) % 60) * 7_200_000),
  }
}

// The first departments are larger, and a few people have none.
function placeOf(i: number, places: string[]): string | null {
  if (i % 17 === 16) return null
  return places[Math.floor(places.length * ((i * 0.618) % 1) ** 1.8)]!
}

const women = [
  'Amara',
  'Chloe',
  'Elena',
  'Grace',
  'Imani',
  'Kavya',
  'Mei',
  'Nadia',
  'Priya',
  'Rosa',
  'Tess',
  'Vera',
  'Wanjiku',
]

const men = ['Bilal', 'Daniel', 'Farid', 'Hiro', 'Jonas', 'Liam', 'Omar', 'Quentin', 'Samir', 'Umar', 'Yusuf']

const lastNames = [
  'Achieng',
  'Baker',
  'Costa',
  'Dubois',
  'Evans',
  'Fischer',
  'Garcia',
  'Hansen',
  'Ivanova',
  'Jensen',
  'Kamau',
  'Lindqvist',
  'Moreau',
  'Novak',
  'Okafor',
  'Patel',
  'Rossi',
  'Santos',
  'Tanaka',
  'Ueda',
  'Vargas',
  'Weber',
  'Yilmaz',
]
