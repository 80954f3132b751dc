-- Orders of which tests/services/test_settlement_platforms.c states every line: see there.
INSERT INTO `Product` (`id`, `sellerId`, `categoryCode`, `name`, `price`) VALUES
    ('p1', 'seller-2', 'FOOD', '쌀', 1000), ('p2', 'seller-3', 'BOOKS', '책', 1000), ('p3', 'seller-2', NULL, '컵', 1000),
    ('p4', 'seller-2', 'FOOD', '''; DROP TABLE orders; -- ', 1), ('p5', 'seller-2', 'FOOD', '=HYPERLINK("x")\\%_', 1),
    ('p6', 'seller-2', 'FOOD', '<b>🍚</b>,|', 1);

-- 1: coupon and points that do not divide evenly, a shipping fee, refunds of every kind.
INSERT INTO `Order` (`id`, `orderNumber`, `userId`, `totalAmount`, `shippingFee`, `couponDiscount`, `couponBearer`, `pointDiscount`,
    `finalAmount`, `orderStatus`, `paymentStatus`, `paymentMethod`, `paidAmount`, `refundedAmount`, `createdAt`, `confirmedAt`)
VALUES ('set-1', 'SET-1', 'user-1', 6000, 3000, 1000, 'SELLER', 500, 4500, 'CONFIRMED', 'PARTIAL_REFUNDED', '카드', 4500, 910,
    '2026-01-31 23:59:59.999', '2026-02-01 00:00:00.000');
INSERT INTO `OrderItem` (`id`, `orderId`, `productId`, `quantity`, `unitPrice`, `totalPrice`) VALUES
    ('99', 'set-1', 'p1', 2, 500, 1000), ('a100', 'set-1', 'p2', 1, 1000, 1000), ('a101', 'set-1', 'p3', 1, 1000, 1000);
INSERT INTO `Refund` (`id`, `orderId`, `orderItemId`, `amount`, `status`, `processedAt`) VALUES
    ('r9', 'set-1', '99', 10, 'COMPLETED', '2026-01-31 23:59:59.999'), ('r10', 'set-1', 'a100', 400, 'COMPLETED', '2026-02-01 00:00:00.000'),
    ('r11', 'set-1', NULL, 500, 'COMPLETED', '2026-02-11 01:02:03.004'), ('r12', 'set-1', 'a101', 1, 'REJECTED', '2026-02-12'),
    ('r13', 'set-1', NULL, 1, 'REQUESTED', NULL);

-- 2: never confirmed, paid back.
INSERT INTO `Order` (`id`, `orderNumber`, `userId`, `totalAmount`, `finalAmount`, `orderStatus`, `paymentStatus`)
VALUES ('set-2', 'SET-2', 'user-1', 1000, 1000, 'REFUNDED', 'REFUNDED');
INSERT INTO `OrderItem` (`id`, `orderId`, `productId`, `quantity`, `unitPrice`, `totalPrice`) VALUES ('201', 'set-2', 'p1', 1, 1000, 1000);
INSERT INTO `Refund` (`id`, `orderId`, `orderItemId`, `amount`, `status`, `processedAt`) VALUES
    ('r21', 'set-2', '201', 300, 'COMPLETED', '2026-02-03'), ('r22', 'set-2', NULL, 700, 'COMPLETED', '2026-02-03');

-- 4: names, and paid whole by coupon and points.
INSERT INTO `Order` (`id`, `orderNumber`, `userId`, `totalAmount`, `couponDiscount`, `pointDiscount`, `finalAmount`, `orderStatus`,
    `paymentStatus`, `createdAt`, `confirmedAt`)
VALUES ('set-4', '=SET-4', 'user-1', 3, 1, 2, 0, 'CONFIRMED', 'PAID', '2026-02-05', '2026-02-05');
INSERT INTO `OrderItem` (`id`, `orderId`, `productId`, `quantity`, `unitPrice`, `totalPrice`) VALUES
    ('401', 'set-4', 'p4', 1, 1, 1), ('402', 'set-4', 'p5', 1, 1, 1), ('403', 'set-4', 'p6', 1, 1, 1);

-- 5: not whole.
INSERT INTO `Order` (`id`, `orderNumber`, `userId`, `totalAmount`, `couponDiscount`, `pointDiscount`, `shippingFee`, `finalAmount`, `orderStatus`,
    `paymentStatus`, `createdAt`, `confirmedAt`)
VALUES ('set-5', 'SET-5', 'user-1', 0, 10.5, 0.25, 2500.5, 0, 'CONFIRMED', 'PAID', '2026-02-06', '2026-02-06');
INSERT INTO `OrderItem` (`id`, `orderId`, `productId`, `quantity`, `unitPrice`, `totalPrice`) VALUES ('501', 'set-5', 'p1', 1, 1000.5, 1000.5);
INSERT INTO `Refund` (`id`, `orderId`, `orderItemId`, `amount`, `status`, `processedAt`) VALUES ('r51', 'set-5', '501', 0.5, 'COMPLETED', NULL);

-- 8: amounts beyond all bounds.
INSERT INTO `Order` (`id`, `orderNumber`, `userId`, `totalAmount`, `couponDiscount`, `pointDiscount`, `finalAmount`, `orderStatus`,
    `paymentStatus`, `createdAt`, `confirmedAt`)
VALUES ('set-8', 'SET-8', 'user-1', 0, 1e300, 2e12, 0, 'CONFIRMED', 'PAID', '2026-02-06', '2026-02-06');
INSERT INTO `OrderItem` (`id`, `orderId`, `productId`, `quantity`, `unitPrice`, `totalPrice`) VALUES ('801', 'set-8', 'p1', 1, 1e200, 1e200);
