import { violatedReference, violatedUnique } from '#server/database/errors.ts'
import { invalid } from '#shared/errors.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'

/**
 * Turns a violated constraint of the users' table into an error on its field.
 * @throws ApiError 400, or what `work` throws
 */
export async function explainConflict<T>(input: { department?: string | null }, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const unique = violatedUnique(error)
    if (unique === 'users_email') throw invalid({ email: ['A user with this email already exists.'] })
    if (unique === 'users_employee_id') throw invalid({ employee_id: ['A user with this employee ID already exists.'] })
    if (violatedReference(error) === 'users_department_fk')
      throw invalid({ department: [noSuchObject(input.department ?? '')] })
    throw error
  }
}
