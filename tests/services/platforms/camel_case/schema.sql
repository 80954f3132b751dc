-- A platform with camelCase tables, as an object mapper makes them: amounts in floating point, keys of
-- text, times in UTC with milliseconds, policies of commission with dates, a table of shipments.
CREATE TABLE `User` (
    `id` VARCHAR(191) NOT NULL PRIMARY KEY,
    `email` VARCHAR(191) NOT NULL UNIQUE,
    `name` VARCHAR(191) NULL,
    `locale` ENUM('KO', 'EN') NOT NULL DEFAULT 'KO',
    `createdAt` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE `sellers` (
    `id` VARCHAR(191) NOT NULL PRIMARY KEY,
    `userId` VARCHAR(191) NOT NULL,
    `shop_name` VARCHAR(191) NOT NULL,
    `business_number` VARCHAR(12) NULL,
    `status` ENUM('PENDING', 'APPROVED', 'SUSPENDED') NOT NULL DEFAULT 'PENDING',
    FOREIGN KEY (`userId`) REFERENCES `User` (`id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE `Category` (
    `code` VARCHAR(64) NOT NULL PRIMARY KEY,
    `name` VARCHAR(191) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE `CommissionPolicy` (
    `id` INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    `sellerId` VARCHAR(191) NULL COMMENT 'NULL: of all sellers',
    `categoryCode` VARCHAR(64) NULL COMMENT 'NULL: of all categories',
    `rate` DOUBLE NOT NULL COMMENT 'percent',
    `effectiveDate` DATETIME(3) NOT NULL,
    `endDate` DATETIME(3) NULL,
    FOREIGN KEY (`sellerId`) REFERENCES `sellers` (`id`),
    FOREIGN KEY (`categoryCode`) REFERENCES `Category` (`code`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE `Product` (
    `id` VARCHAR(191) NOT NULL PRIMARY KEY,
    `sellerId` VARCHAR(191) NOT NULL,
    `categoryCode` VARCHAR(64) NULL,
    `name` VARCHAR(191) NOT NULL,
    `price` DOUBLE NOT NULL,
    FOREIGN KEY (`sellerId`) REFERENCES `sellers` (`id`),
    FOREIGN KEY (`categoryCode`) REFERENCES `Category` (`code`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE `Order` (
    `id` VARCHAR(191) NOT NULL PRIMARY KEY,
    `orderNumber` VARCHAR(191) NOT NULL UNIQUE,
    `userId` VARCHAR(191) NOT NULL,
    `recipientName` VARCHAR(191) NULL,
    `orderStatus` ENUM('PENDING', 'PAID', 'PREPARING', 'SHIPPED', 'DELIVERED', 'CONFIRMED', 'CANCELLED', 'REFUNDED')
        NOT NULL DEFAULT 'PENDING',
    `paymentStatus` ENUM('PENDING', 'WAITING', 'PAID', 'FAILED', 'CANCELLED', 'PARTIAL_REFUNDED', 'REFUNDED')
        NOT NULL DEFAULT 'PENDING',
    `totalAmount` DOUBLE NOT NULL COMMENT 'before the discounts',
    `couponDiscount` DOUBLE NOT NULL DEFAULT 0,
    `couponBearer` ENUM('SELLER', 'PLATFORM') NOT NULL DEFAULT 'PLATFORM',
    `pointDiscount` DOUBLE NOT NULL DEFAULT 0 COMMENT 'borne by the platform',
    `shippingFee` DOUBLE NOT NULL DEFAULT 0,
    `finalAmount` DOUBLE NOT NULL COMMENT 'what the customer pays',
    `paidAmount` DOUBLE NULL,
    `refundedAmount` DOUBLE NOT NULL DEFAULT 0,
    `paymentMethod` VARCHAR(191) NULL,
    `paymentKey` VARCHAR(200) NULL,
    `paidAt` DATETIME(3) NULL,
    `deliveredAt` DATETIME(3) NULL,
    `confirmedAt` DATETIME(3) NULL,
    `createdAt` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    `updatedAt` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    KEY `Order_confirmedAt_idx` (`confirmedAt`),
    FOREIGN KEY (`userId`) REFERENCES `User` (`id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE `OrderItem` (
    `id` VARCHAR(191) NOT NULL PRIMARY KEY,
    `orderId` VARCHAR(191) NOT NULL,
    `productId` VARCHAR(191) NOT NULL,
    `quantity` INT NOT NULL,
    `unitPrice` DOUBLE NOT NULL,
    `totalPrice` DOUBLE NOT NULL,
    FOREIGN KEY (`orderId`) REFERENCES `Order` (`id`),
    FOREIGN KEY (`productId`) REFERENCES `Product` (`id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE `Shipment` (
    `id` INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    `orderId` VARCHAR(191) NOT NULL,
    `trackingNumber` VARCHAR(64) NOT NULL,
    `carrier` VARCHAR(64) NULL,
    `status` ENUM('READY', 'SHIPPING', 'OUT_FOR_DELIVERY', 'FAILED', 'DELIVERED') NOT NULL,
    `updatedAt` DATETIME(3) NOT NULL,
    UNIQUE KEY `Shipment_order_tracking` (`orderId`, `trackingNumber`),
    FOREIGN KEY (`orderId`) REFERENCES `Order` (`id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE `Refund` (
    `id` VARCHAR(191) NOT NULL PRIMARY KEY,
    `orderId` VARCHAR(191) NOT NULL,
    `orderItemId` VARCHAR(191) NULL,
    `amount` DOUBLE NOT NULL,
    `reason` VARCHAR(191) NULL,
    `status` ENUM('REQUESTED', 'PROCESSING', 'COMPLETED', 'REJECTED') NOT NULL DEFAULT 'REQUESTED',
    `processedAt` DATETIME(3) NULL,
    KEY `Refund_processedAt_idx` (`processedAt`),
    FOREIGN KEY (`orderId`) REFERENCES `Order` (`id`),
    FOREIGN KEY (`orderItemId`) REFERENCES `OrderItem` (`id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;
