import security from '../locales/en/security.json'
import step from '../locales/en/step.json'

export default { ...security, ...step }
