import departments from '../locales/en/departments.json'
import home from '../locales/en/home.json'
import invitations from '../locales/en/invitations.json'
import organization from '../locales/en/organization.json'
import people from '../locales/en/people.json'

export default { ...departments, ...home, ...invitations, ...organization, ...people }
