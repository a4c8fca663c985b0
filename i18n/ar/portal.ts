import departments from '../locales/ar/departments.json'
import home from '../locales/ar/home.json'
import invitations from '../locales/ar/invitations.json'
import organization from '../locales/ar/organization.json'
import people from '../locales/ar/people.json'

export default { ...departments, ...home, ...invitations, ...organization, ...people }
