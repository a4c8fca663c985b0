import audit from '../locales/ar/audit.json'
import person from '../locales/ar/person.json'

export default { ...audit, ...person }
