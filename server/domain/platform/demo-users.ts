import { newId } from '#server/database/ids.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'

/** Fills a demo organisation with users. They have no password, so nobody can sign in as one of them. */
export async function seedUsers(
  { realm: { db, tables } }: AuthRealm,
  subdomain: string,
  count: number,
  places: string[],
): Promise<void> {
  await db.insert(tables.users).values(Array.from({ length: count }, (_, i) => personOf(i, subdomain, places)))
}

function personOf(i: number, subdomain: string, places: string[]) {
  const first_name = firstNames[(i * 7) % firstNames.length]!
  const last_name = lastNames[(i * 11) % lastNames.length]!
  const joined = new Date(Date.now() - (i + 3) * 9 * 86_400_000)
  return {
    id: newId(),
    email: `${first_name}.${last_name}${i}@${subdomain}.test`.toLowerCase(),
    first_name,
    last_name,
    department: places[i % places.length],
    employee_id: `${subdomain.slice(0, 2).toUpperCase()}-${String(1000 + i)}`,
    activated_at: joined,
    date_joined: joined,
  }
}

const firstNames = [
  'Amara',
  'Bilal',
  'Chloe',
  'Daniel',
  'Elena',
  'Farid',
  'Grace',
  'Hiro',
  'Imani',
  'Jonas',
  'Kavya',
  'Liam',
  'Mei',
  'Nadia',
  'Omar',
  'Priya',
  'Quentin',
  'Rosa',
  'Samir',
  'Tess',
  'Umar',
  'Vera',
  'Wanjiku',
  'Yusuf',
  'Zoe',
]

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
