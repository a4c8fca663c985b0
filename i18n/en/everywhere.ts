import account from '../locales/en/account.json'
import common from '../locales/en/common.json'
import shell from '../locales/en/shell.json'

export default { ...account, ...common, ...shell }
