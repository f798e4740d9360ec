class Chart { constructor() { this.box = element("section"); } show() {} }
