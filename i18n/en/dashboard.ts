import audit from '../locales/en/audit.json'
import person from '../locales/en/person.json'

export default { ...audit, ...person }
