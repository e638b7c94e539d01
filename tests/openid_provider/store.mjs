// Where the provider keeps sessions, grants and tokens: in memory, and one for all providers that follow each other.

const records = new Map();
const key = (model, id) => `${model} ${id}`;

function isAlive(record) {
  return record !== undefined && (record.exp === undefined || record.exp * 1000 > Date.now());
}

/** Everything of a kind that has not expired. */
export function all(model) {
  return [...records].filter(([name, record]) => name.startsWith(`${model} `) && isAlive(record)).map(([, record]) => record);
}

/** What oidc-provider asks of an adapter. Expired records stay: a test is short. */
export class Store {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload) {
    records.set(key(this.model, id), payload);
  }

  async find(id) {
    return records.get(key(this.model, id));
  }

  async findByUid(uid) {
    return all(this.model).find((record) => record.uid === uid);
  }

  async findByUserCode(userCode) {
    return all(this.model).find((record) => record.userCode === userCode);
  }

  async consume(id) {
    records.get(key(this.model, id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    records.delete(key(this.model, id));
  }

  async revokeByGrantId(grantId) {
    for (const [name, record] of records) {
      if (record.grantId === grantId) records.delete(name);
    }
  }
}
